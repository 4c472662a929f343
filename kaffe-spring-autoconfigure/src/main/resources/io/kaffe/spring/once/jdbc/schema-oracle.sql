CREATE TABLE kaffe_handled (
    consumer_group VARCHAR2(255 CHAR) NOT NULL,
    topic VARCHAR2(249 CHAR) NOT NULL,
    topic_id VARCHAR2(22 CHAR) NOT NULL,
    partition_number NUMBER(10,0) NOT NULL,
    record_offset NUMBER(19,0) NOT NULL,
    PRIMARY KEY (consumer_group, topic, topic_id, partition_number, record_offset)
);
