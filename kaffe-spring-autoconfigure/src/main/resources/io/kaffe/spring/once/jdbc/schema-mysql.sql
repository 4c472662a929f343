CREATE TABLE IF NOT EXISTS kaffe_handled (
    consumer_group VARCHAR(255) NOT NULL,
    topic VARCHAR(249) NOT NULL,
    topic_id VARCHAR(22) NOT NULL,
    partition_number INTEGER NOT NULL,
    record_offset BIGINT NOT NULL,
    PRIMARY KEY (consumer_group, topic, topic_id, partition_number, record_offset)
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
