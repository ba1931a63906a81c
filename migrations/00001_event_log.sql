-- +goose Up

-- Constraints are named because the code that appends tells one violation from another by these names.
--
-- Autovacuum: rows are only ever inserted, so the default rule (a fifth of the table is new) runs ever more rarely as the
-- tables grow, and index-only scans for what is recent would visit the heap for each row. A fixed number of new rows keeps
-- the visibility map fresh at any size. It costs little: such a run reads only the pages that are new since the last one.
-- 100,000 events are some 40 MB, which the cache still holds; commits and command IDs are fewer and smaller.

CREATE TABLE events (
    position    bigint           NOT NULL,
    stream      text COLLATE "C" NOT NULL,
    version     bigint           NOT NULL,
    event_id    uuid             NOT NULL,
    type        text COLLATE "C" NOT NULL,
    data        jsonb            NOT NULL,
    metadata    jsonb,
    recorded_at timestamptz      NOT NULL,
    CONSTRAINT events_position_key UNIQUE (position),
    CONSTRAINT events_stream_version_key UNIQUE (stream, version)
) WITH (autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_insert_scale_factor = 0);

-- The type of data is chosen here and never changes: jsonb, unless a setting of the session that migrates asks for bytea.
-- +goose StatementBegin
DO $$
BEGIN
    IF current_setting('groupcommit.data_type', true) = 'bytea' THEN
        ALTER TABLE events ALTER data TYPE bytea USING NULL; -- there is no row yet
    END IF;
END
$$;
-- +goose StatementEnd

COMMENT ON TABLE events IS 'The log of events: contiguous by position, append-only. Rows are written by groupcommit only; each belongs to the row in commits with previous < position <= last.';
COMMENT ON COLUMN events.position IS 'Place in the log: 1, 2, 3, ... without gaps, in the order in which events became visible.';
COMMENT ON COLUMN events.stream IS 'Name of the stream. Compared byte by byte.';
COMMENT ON COLUMN events.version IS 'Place in the stream: 1, 2, 3, ... without gaps. The highest is the version of the stream.';
COMMENT ON COLUMN events.event_id IS 'Given by the caller, or a UUIDv7. Not unique across commands: there is no index.';
COMMENT ON COLUMN events.type IS 'What happened, in the words of the application.';
COMMENT ON COLUMN events.data IS 'The event itself: JSON as jsonb, or any bytes where the log was created with bytea.';
COMMENT ON COLUMN events.metadata IS 'What is known about the event: correlation_id, causation_id, user_id and the like.';
COMMENT ON COLUMN events.recorded_at IS 'committed_at of the commit that wrote the event.';

-- The chain. The primary key lets one transaction only follow a position; the foreign key, checked at COMMIT, lets none follow a
-- commit that is not there. A parent that is NULL is not checked: the first row has none.
CREATE TABLE commits (
    previous     bigint      NOT NULL,
    last         bigint      NOT NULL,
    commit_id    uuid        NOT NULL,
    parent       uuid,
    commands     int         NOT NULL,
    writer       uuid        NOT NULL,
    committed_at timestamptz NOT NULL,
    CONSTRAINT commits_pkey PRIMARY KEY (previous),
    CONSTRAINT commits_last_commit_id_key UNIQUE (last, commit_id),
    CONSTRAINT commits_last_check CHECK (last > previous),
    CONSTRAINT commits_parent_fkey FOREIGN KEY (previous, parent) REFERENCES commits (last, commit_id) DEFERRABLE INITIALLY DEFERRED
) WITH (autovacuum_vacuum_insert_threshold = 10000, autovacuum_vacuum_insert_scale_factor = 0);

COMMENT ON TABLE commits IS 'One row per transaction that appended to events, each naming the one that it follows. The log ends with the highest last. Append-only.';
COMMENT ON COLUMN commits.previous IS 'Position at which the log ended before: the last of the parent.';
COMMENT ON COLUMN commits.last IS 'Position at which the log ended after.';
COMMENT ON COLUMN commits.commit_id IS 'Identity of the commit. That of the first row is the identity of the log.';
COMMENT ON COLUMN commits.parent IS 'commit_id of the commit before. NULL in the oldest row.';
COMMENT ON COLUMN commits.commands IS 'Number of commands whose events the commit carries.';
COMMENT ON COLUMN commits.writer IS 'Identity of the process that wrote it.';
COMMENT ON COLUMN commits.committed_at IS 'By the clock of the writer, and always later than in the commit before.';

-- Where every log begins. Its time is before any clock that a writer may have.
INSERT INTO commits (previous, last, commit_id, parent, commands, writer, committed_at)
VALUES (-1, 0, gen_random_uuid(), NULL, 0, '00000000-0000-0000-0000-000000000000', 'epoch');

CREATE TABLE command_ids (
    command_id   uuid        NOT NULL,
    fingerprint  bytea       NOT NULL,
    first        bigint      NOT NULL,
    last         bigint      NOT NULL,
    versions     bigint[]    NOT NULL,
    committed_at timestamptz NOT NULL,
    CONSTRAINT command_ids_pkey PRIMARY KEY (command_id)
) WITH (autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_insert_scale_factor = 0);

-- For pruning. BRIN, because it costs nothing per insert.
CREATE INDEX command_ids_committed_at_idx ON command_ids USING brin (committed_at);

COMMENT ON TABLE command_ids IS 'Results of the commands that carried an ID, so that one sent again is answered and not repeated. Pruned with prune_command_ids.';
COMMENT ON COLUMN command_ids.command_id IS 'Given by the caller.';
COMMENT ON COLUMN command_ids.fingerprint IS 'SHA-256 of what the command asked for: another command with the same ID is refused.';
COMMENT ON COLUMN command_ids.first IS 'Position of its first event.';
COMMENT ON COLUMN command_ids.last IS 'Position of its last event.';
COMMENT ON COLUMN command_ids.versions IS 'Versions that its streams then had, in the order of the command.';
COMMENT ON COLUMN command_ids.committed_at IS 'committed_at of its commit.';

-- Append-only also for the owner and for superusers. Statement triggers on what is never done cost an INSERT nothing; a row trigger
-- would. (Citus refuses triggers on a distributed table by default: where events is distributed, its own has to be dropped first.)
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% on %.% refused: the table is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'What was appended is never changed: append what corrects it.';
END
$$;
-- +goose StatementEnd

COMMENT ON FUNCTION refuse_change() IS 'Trigger function of the append-only tables: always raises.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON commits
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose StatementBegin
CREATE FUNCTION prune_command_ids(older_than interval) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    pruned bigint;
BEGIN
    IF older_than IS NULL OR older_than < interval '0' THEN
        RAISE EXCEPTION 'older_than must be an interval of zero or more' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM command_ids WHERE committed_at < now() - older_than;
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$$;
-- +goose StatementEnd

COMMENT ON FUNCTION prune_command_ids(interval) IS 'Forgets commands that were committed longer ago than this and returns how many. Sent again, such a command is judged like a new one. For the owner.';
REVOKE EXECUTE ON FUNCTION prune_command_ids(interval) FROM PUBLIC;

-- Whoever opens a store reads the version of its schema first. To get at it still takes USAGE on the schema.
GRANT SELECT ON schema_version TO PUBLIC;
