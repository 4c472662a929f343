CREATE TABLE kaffe_handled (
    consumer_group VARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    topic VARCHAR(249) COLLATE Latin1_General_100_BIN2 NOT NULL,
    topic_id VARCHAR(22) COLLATE Latin1_General_100_BIN2 NOT NULL,
    partition_number INTEGER NOT NULL,
    record_offset BIGINT NOT NULL,
    PRIMARY KEY (consumer_group, topic, topic_id, partition_number, record_offset)
);
