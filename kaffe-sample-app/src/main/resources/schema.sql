CREATE TABLE IF NOT EXISTS account (
  customer VARCHAR(40) PRIMARY KEY,
  balance_in_cents BIGINT NOT NULL,
  orders INT NOT NULL,
  refunds INT NOT NULL,
  version BIGINT NOT NULL
);
-- The last event booked of each generator, topic and customer: events carry ascending numbers. And how often one came
-- again that had been booked.
CREATE TABLE IF NOT EXISTS booked (
  source VARCHAR(40) NOT NULL,
  topic VARCHAR(40) NOT NULL,
  customer VARCHAR(40) NOT NULL,
  number BIGINT NOT NULL,
  repeated BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (source, topic, customer)
);
