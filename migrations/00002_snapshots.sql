-- +goose Up

-- Opt-in, and of no use to the log: whatever is in it can be deleted at any time. A row is used only while the event that it names stands in the log as
-- it did, so one of a log that has lost commits since is passed over, and replaced.
CREATE TABLE snapshots (
    stream          text COLLATE "C" NOT NULL,
    decider         text COLLATE "C" NOT NULL,
    decider_version bigint           NOT NULL,
    version         bigint           NOT NULL,
    event_id        uuid             NOT NULL,
    recorded_at     timestamptz      NOT NULL,
    state           bytea            NOT NULL,
    CONSTRAINT snapshots_pkey PRIMARY KEY (stream, decider, decider_version)
);

COMMENT ON TABLE snapshots IS 'States that streams were folded to, for deciders that ask for it, so that a long stream need not be folded from its beginning. Rows may be deleted at any time. Who writes needs SELECT, INSERT, UPDATE and DELETE.';
COMMENT ON COLUMN snapshots.stream IS 'Name of the stream.';
COMMENT ON COLUMN snapshots.decider IS 'Name of the decider, by the application.';
COMMENT ON COLUMN snapshots.decider_version IS 'Version of the decider, counted up by the application. A snapshot of another version is not used. Saving one deletes those of lower versions, but for the highest of them, which may still run.';
COMMENT ON COLUMN snapshots.version IS 'Version of the stream: the number of events that are folded.';
COMMENT ON COLUMN snapshots.event_id IS 'event_id of the last event that is folded. With recorded_at, it ties the snapshot to the log.';
COMMENT ON COLUMN snapshots.recorded_at IS 'recorded_at of that event.';
COMMENT ON COLUMN snapshots.state IS 'The state as the decider encodes it: JSON, unless it was given functions of its own.';
