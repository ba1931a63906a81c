-- +goose Up

-- A row is updated with every batch. Room on its page keeps the updates there, out of the indexes.
CREATE TABLE projections (
    name      text COLLATE "C" NOT NULL,
    version   int              NOT NULL,
    kind      text             NOT NULL,
    log       uuid             NOT NULL,
    live      boolean          NOT NULL,
    position  bigint           NOT NULL,
    commit_id uuid             NOT NULL,
    moved_at  timestamptz      NOT NULL DEFAULT now(),
    stopped   boolean          NOT NULL DEFAULT false,
    error     text,
    error_at  timestamptz,
    CONSTRAINT projections_pkey PRIMARY KEY (name, version)
) WITH (fillfactor = 20);

CREATE UNIQUE INDEX projections_live_key ON projections (name) WHERE live;

COMMENT ON TABLE projections IS 'How far each projection has come: its effect and this row change in one transaction.';
COMMENT ON COLUMN projections.name IS 'Given by the application.';
COMMENT ON COLUMN projections.version IS 'Of the read model. A new one is built beside the live one and takes its place when it has caught up.';
COMMENT ON COLUMN projections.kind IS 'Projection, Handler or MaterializedView: the same in all versions of a name.';
COMMENT ON COLUMN projections.log IS 'Which log it follows: the ID of the commit that this one begins with. The same in all versions of a name.';
COMMENT ON COLUMN projections.live IS 'Whether this is the version that is read.';
COMMENT ON COLUMN projections.position IS 'Everything in the log up to here has taken effect, or is parked.';
COMMENT ON COLUMN projections.commit_id IS 'The commit in the log that the position belongs to: after a failover that lost commits it is not there any more.';
COMMENT ON COLUMN projections.moved_at IS 'When the position last changed.';
COMMENT ON COLUMN projections.stopped IS 'It has given up, because of the error, until it is started again.';
COMMENT ON COLUMN projections.error IS 'Why it does not move on. NULL when it does.';
COMMENT ON COLUMN projections.error_at IS 'When it last failed so.';

CREATE TABLE parked_events (
    projection text COLLATE "C" NOT NULL,
    version    int              NOT NULL,
    position   bigint           NOT NULL,
    event_id   uuid             NOT NULL,
    stream     text COLLATE "C" NOT NULL,
    type       text COLLATE "C" NOT NULL,
    error      text             NOT NULL,
    attempts   int              NOT NULL DEFAULT 1,
    parked_at  timestamptz      NOT NULL DEFAULT now(),
    tried_at   timestamptz      NOT NULL DEFAULT now(),
    CONSTRAINT parked_events_pkey PRIMARY KEY (projection, version, position),
    CONSTRAINT parked_events_projection_fkey FOREIGN KEY (projection, version) REFERENCES projections (name, version) ON DELETE CASCADE
);

COMMENT ON TABLE parked_events IS 'Events that a projection could not apply and has gone on without. The events themselves stand in the log.';
COMMENT ON COLUMN parked_events.projection IS 'Name of the projection.';
COMMENT ON COLUMN parked_events.version IS 'Its version.';
COMMENT ON COLUMN parked_events.position IS 'Where in the log the event is.';
COMMENT ON COLUMN parked_events.event_id IS 'Its ID: what is retried must be the very event.';
COMMENT ON COLUMN parked_events.stream IS 'Its stream.';
COMMENT ON COLUMN parked_events.type IS 'Its type.';
COMMENT ON COLUMN parked_events.error IS 'Why it could not be applied, the last time.';
COMMENT ON COLUMN parked_events.attempts IS 'How often it was tried since it stood alone.';
COMMENT ON COLUMN parked_events.parked_at IS 'When it was parked.';
COMMENT ON COLUMN parked_events.tried_at IS 'When it was last tried.';

-- Whoever opens a runner reads the version first. To get at it still takes USAGE on the schema.
GRANT SELECT ON projection_version TO PUBLIC;
