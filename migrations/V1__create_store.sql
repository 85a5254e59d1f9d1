-- The tables of a store. Times are microseconds since 1970-01-01T00:00:00Z; hashes are BLAKE3-256.
-- What was once true is never overwritten: the log, evaluations, artifacts, predictions and truths only grow.

PRAGMA application_id = 0x6d677264; -- "mgrd"
PRAGMA user_version = 1;

CREATE TABLE model (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 128),
    task       TEXT    NOT NULL CHECK (task IN ('classification', 'regression')),
    created_at INTEGER NOT NULL
) STRICT;

-- The log. One row per committed change; entry_blake3 covers every other column of the row.
CREATE TABLE operation (
    id                    INTEGER PRIMARY KEY,
    at                    INTEGER NOT NULL,
    clock                 TEXT    NOT NULL CHECK (clock IN ('system', 'override')),
    kind                  TEXT    NOT NULL,
    model_id              INTEGER REFERENCES model (id),
    version_id            INTEGER REFERENCES version (id),
    alias                 TEXT,
    from_version_id       INTEGER REFERENCES version (id),
    to_version_id         INTEGER REFERENCES version (id),
    stack                 TEXT    CHECK (stack IS NULL OR json_valid(stack)),
    restores_operation_id INTEGER REFERENCES operation (id),
    left_degraded         INTEGER CHECK (left_degraded IN (0, 1)),
    actor                 TEXT    NOT NULL,
    host                  TEXT    NOT NULL,
    command_line          TEXT    NOT NULL,
    reason                TEXT,
    detail                TEXT    NOT NULL CHECK (json_valid(detail)),
    previous_blake3       BLOB    NOT NULL CHECK (length(previous_blake3) = 32),
    entry_blake3          BLOB    NOT NULL CHECK (length(entry_blake3) = 32),
    CHECK ((alias IS NULL) = (stack IS NULL)),
    CHECK ((alias IS NULL) = (left_degraded IS NULL)),
    CHECK (alias IS NOT NULL OR (from_version_id IS NULL AND to_version_id IS NULL)),
    CHECK ((alias IS NOT NULL) = (kind IN ('promote', 'rollback', 'undo', 'redo', 'alias_set', 'alias_remove'))),
    CHECK ((restores_operation_id IS NOT NULL) = (kind IN ('undo', 'redo')))
) STRICT;

CREATE INDEX operation_view ON operation (model_id, alias, id) WHERE alias IS NOT NULL;

CREATE INDEX operation_from ON operation (from_version_id) WHERE from_version_id IS NOT NULL;
CREATE INDEX operation_to ON operation (to_version_id) WHERE to_version_id IS NOT NULL;
CREATE INDEX operation_restores ON operation (restores_operation_id) WHERE restores_operation_id IS NOT NULL;

CREATE TRIGGER operation_never_changes BEFORE UPDATE ON operation
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER operation_never_goes BEFORE DELETE ON operation
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

-- INSERT OR REPLACE deletes without firing the trigger above, so an existing row is refused here.
CREATE TRIGGER operation_only_appends BEFORE INSERT ON operation
WHEN NEW.id <> (SELECT ifnull(max(id), 0) + 1 FROM operation)
  OR NEW.previous_blake3 <> ifnull((SELECT entry_blake3 FROM operation ORDER BY id DESC LIMIT 1), zeroblob(32))
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

-- Bytes, cut into pieces of at most 1 MiB; equal pieces are stored once.
CREATE TABLE chunk (
    id         INTEGER PRIMARY KEY,
    blake3     BLOB    NOT NULL UNIQUE CHECK (length(blake3) = 32),
    size_bytes INTEGER NOT NULL CHECK (size_bytes BETWEEN 1 AND 1048576),
    data       BLOB    NOT NULL CHECK (length(data) = size_bytes)
) STRICT;

CREATE TABLE artifact (
    id           INTEGER PRIMARY KEY,
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'ready')),
    kind         TEXT    NOT NULL CHECK (kind IN ('file', 'directory')),
    blake3       BLOB    CHECK (length(blake3) = 32),
    size_bytes   INTEGER CHECK (size_bytes >= 0),
    chunks_count INTEGER CHECK (chunks_count >= 0),
    owner_pid    INTEGER NOT NULL,
    owner_boot   TEXT    NOT NULL,
    started_at   INTEGER NOT NULL,
    CHECK (state = 'pending' OR (blake3 IS NOT NULL AND size_bytes IS NOT NULL AND chunks_count IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX artifact_ready ON artifact (blake3, kind) WHERE state = 'ready';
CREATE INDEX artifact_pending ON artifact (id) WHERE state = 'pending';

CREATE TABLE artifact_chunk (
    artifact_id INTEGER NOT NULL REFERENCES artifact (id),
    sequence    INTEGER NOT NULL CHECK (sequence >= 0),
    chunk_id    INTEGER NOT NULL REFERENCES chunk (id),
    PRIMARY KEY (artifact_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX artifact_chunk_chunk ON artifact_chunk (chunk_id);

CREATE TABLE version (
    id              INTEGER PRIMARY KEY,
    model_id        INTEGER NOT NULL REFERENCES model (id),
    number          INTEGER NOT NULL CHECK (number >= 1), -- the order of registration within the model
    name            TEXT    NOT NULL,
    artifact_id     INTEGER NOT NULL REFERENCES artifact (id),
    file_name       TEXT    NOT NULL,
    metadata_blake3 BLOB    NOT NULL CHECK (length(metadata_blake3) = 32),
    registered_at   INTEGER NOT NULL,
    params          TEXT    NOT NULL CHECK (json_valid(params)),
    tags            TEXT    NOT NULL CHECK (json_valid(tags)),
    note            TEXT,
    retired_reason  TEXT,
    UNIQUE (model_id, number),
    UNIQUE (model_id, name)
) STRICT;

CREATE INDEX version_artifact ON version (artifact_id, model_id);

CREATE TABLE version_metric (
    version_id INTEGER NOT NULL REFERENCES version (id),
    name       TEXT    NOT NULL,
    value      REAL    NOT NULL,
    PRIMARY KEY (version_id, name)
) STRICT, WITHOUT ROWID;

-- A held-out sample of a version, with truth: its baseline.
CREATE TABLE reference (
    version_id    INTEGER PRIMARY KEY REFERENCES version (id),
    source        TEXT    NOT NULL,
    source_blake3 BLOB    NOT NULL CHECK (length(source_blake3) = 32),
    rows_count    INTEGER NOT NULL CHECK (rows_count > 0)
) STRICT;

CREATE TABLE reference_row (
    version_id    INTEGER NOT NULL REFERENCES reference (version_id),
    sequence      INTEGER NOT NULL,
    prediction_id TEXT    NOT NULL,
    predicted_at  INTEGER,
    value         REAL,
    class         TEXT,
    failed        INTEGER NOT NULL CHECK (failed IN (0, 1)),
    label_set_id  INTEGER REFERENCES label_set (id),
    probabilities BLOB,
    truth_value   REAL,
    truth_class   TEXT,
    PRIMARY KEY (version_id, sequence),
    CHECK (failed = (value IS NULL AND class IS NULL)),
    CHECK ((truth_value IS NULL) <> (truth_class IS NULL)),
    CHECK ((label_set_id IS NULL) = (probabilities IS NULL))
) STRICT, WITHOUT ROWID;

-- Who holds an alias now; the stack below is in the operation.
CREATE TABLE alias (
    model_id     INTEGER NOT NULL REFERENCES model (id),
    name         TEXT    NOT NULL,
    version_id   INTEGER NOT NULL REFERENCES version (id),
    operation_id INTEGER NOT NULL REFERENCES operation (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (model_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX alias_version ON alias (version_id);

-- Who held an alias when. A tenure is one or more periods: undo and redo continue the one that they bring back.
CREATE TABLE period (
    id                INTEGER PRIMARY KEY,
    model_id          INTEGER NOT NULL REFERENCES model (id),
    alias             TEXT    NOT NULL,
    version_id        INTEGER NOT NULL REFERENCES version (id),
    tenure            INTEGER NOT NULL, -- the id of its first period
    from_at           INTEGER,          -- NULL: the first holder has no beginning
    to_at             INTEGER,          -- NULL: still holds
    from_operation_id INTEGER NOT NULL REFERENCES operation (id) DEFERRABLE INITIALLY DEFERRED,
    to_operation_id   INTEGER REFERENCES operation (id) DEFERRABLE INITIALLY DEFERRED,
    CHECK ((to_at IS NULL) = (to_operation_id IS NULL)),
    CHECK (from_at IS NULL OR to_at IS NULL OR to_at >= from_at)
) STRICT;

CREATE UNIQUE INDEX period_open ON period (model_id, alias) WHERE to_at IS NULL;
CREATE INDEX period_alias ON period (model_id, alias, from_at);
CREATE INDEX period_version ON period (version_id, alias);

-- One call of ingest. Its rows count only while it is visible.
CREATE TABLE batch (
    id                  INTEGER PRIMARY KEY,
    model_id            INTEGER NOT NULL REFERENCES model (id),
    kind                TEXT    NOT NULL CHECK (kind IN ('predictions', 'truth')),
    state               TEXT    NOT NULL CHECK (state IN ('pending', 'visible', 'undone')),
    owner_pid           INTEGER NOT NULL,
    owner_boot          TEXT    NOT NULL,
    source              TEXT    NOT NULL,
    request_blake3      BLOB    CHECK (length(request_blake3) = 32), -- file, model, kind, mapping and version together
    started_at          INTEGER NOT NULL,
    operation_id        INTEGER REFERENCES operation (id) DEFERRABLE INITIALLY DEFERRED,
    undone_operation_id INTEGER REFERENCES operation (id) DEFERRABLE INITIALLY DEFERRED,
    report              TEXT    NOT NULL CHECK (json_valid(report)),
    CHECK (state = 'pending' OR (operation_id IS NOT NULL AND request_blake3 IS NOT NULL)),
    CHECK ((state = 'undone') = (undone_operation_id IS NOT NULL))
) STRICT;

CREATE INDEX batch_request ON batch (request_blake3) WHERE state = 'visible';
CREATE INDEX batch_pending ON batch (id) WHERE state = 'pending';
CREATE INDEX batch_model ON batch (model_id, id);

-- The classes that a row's probabilities speak of, in their order.
CREATE TABLE label_set (
    id     INTEGER PRIMARY KEY,
    labels TEXT    NOT NULL UNIQUE CHECK (json_valid(labels))
) STRICT;

-- Truth belongs to (model, prediction_id); of several visible rows the one of the newest operation holds.
CREATE TABLE truth (
    id            INTEGER PRIMARY KEY,
    model_id      INTEGER NOT NULL REFERENCES model (id),
    batch_id      INTEGER NOT NULL REFERENCES batch (id),
    line_number   INTEGER NOT NULL,
    prediction_id TEXT    NOT NULL,
    value         REAL,
    class         TEXT,
    label_at      INTEGER NOT NULL,
    CHECK ((value IS NULL) <> (class IS NULL))
) STRICT;

CREATE INDEX truth_key ON truth (prediction_id, model_id, batch_id);
CREATE INDEX truth_batch ON truth (batch_id);

-- A prediction never changes. truth_id and label_at point at the truth that holds now.
CREATE TABLE prediction (
    id            INTEGER PRIMARY KEY,
    version_id    INTEGER NOT NULL REFERENCES version (id),
    batch_id      INTEGER NOT NULL REFERENCES batch (id),
    line_number   INTEGER NOT NULL,
    prediction_id TEXT    NOT NULL,
    predicted_at  INTEGER NOT NULL,
    attribution   TEXT    NOT NULL CHECK (attribution IN ('flag', 'column', 'held_at', 'present_holder')),
    value         REAL,
    class         TEXT,
    failed        INTEGER NOT NULL CHECK (failed IN (0, 1)),
    label_set_id  INTEGER REFERENCES label_set (id),
    probabilities BLOB, -- f64, little-endian, in the order of the label set
    truth_id      INTEGER,
    label_at      INTEGER,
    CHECK (failed = (value IS NULL AND class IS NULL)),
    CHECK ((truth_id IS NULL) = (label_at IS NULL)),
    CHECK ((label_set_id IS NULL) = (probabilities IS NULL))
) STRICT;

CREATE INDEX prediction_key ON prediction (prediction_id, version_id, batch_id);
CREATE INDEX prediction_batch ON prediction (batch_id);
CREATE INDEX prediction_label ON prediction (version_id, label_at, predicted_at, prediction_id) WHERE label_at IS NOT NULL;
CREATE INDEX prediction_labelled ON prediction (version_id, predicted_at) WHERE label_at IS NOT NULL;
CREATE INDEX prediction_time ON prediction (version_id, predicted_at);

-- Visible predictions per version and UTC hour of the prediction, so that nobody has to count rows.
CREATE TABLE prediction_hour (
    version_id        INTEGER NOT NULL REFERENCES version (id),
    hour              INTEGER NOT NULL, -- hours since 1970-01-01T00:00:00Z
    predictions_count INTEGER NOT NULL CHECK (predictions_count >= 0),
    failed_count      INTEGER NOT NULL CHECK (failed_count >= 0),
    labelled_count    INTEGER NOT NULL CHECK (labelled_count >= 0),
    PRIMARY KEY (version_id, hour)
) STRICT, WITHOUT ROWID;

-- What a check saw and said.
CREATE TABLE evaluation (
    id           INTEGER PRIMARY KEY,
    model_id     INTEGER NOT NULL REFERENCES model (id),
    version_id   INTEGER REFERENCES version (id),
    operation_id INTEGER NOT NULL REFERENCES operation (id) DEFERRABLE INITIALLY DEFERRED,
    checked_at   INTEGER NOT NULL,
    verdict      TEXT    NOT NULL CHECK (verdict IN ('healthy', 'degraded', 'insufficient_data')),
    severity     TEXT    CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    was_live     INTEGER NOT NULL CHECK (was_live IN (0, 1)),
    by_policy    INTEGER NOT NULL CHECK (by_policy IN (0, 1)), -- 0: by rules that were given for this check alone
    tenure       INTEGER,
    document     TEXT    NOT NULL CHECK (json_valid(document)),
    CHECK ((severity IS NOT NULL) = (verdict = 'degraded'))
) STRICT;

CREATE INDEX evaluation_version ON evaluation (version_id, id);
CREATE INDEX evaluation_model ON evaluation (model_id, id);

CREATE TRIGGER evaluation_never_changes BEFORE UPDATE ON evaluation
BEGIN SELECT RAISE(ABORT, 'evaluations are append-only'); END;

CREATE TRIGGER evaluation_never_goes BEFORE DELETE ON evaluation
BEGIN SELECT RAISE(ABORT, 'evaluations are append-only'); END;

CREATE TRIGGER evaluation_only_appends BEFORE INSERT ON evaluation
WHEN EXISTS (SELECT 1 FROM evaluation WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'evaluations are append-only'); END;

-- One row per model, version and kind, ever; of a refused file one row per model and file.
CREATE TABLE alert (
    id                 INTEGER PRIMARY KEY,
    model_id           INTEGER NOT NULL REFERENCES model (id),
    version_id         INTEGER REFERENCES version (id),
    kind               TEXT    NOT NULL CHECK (kind IN ('degraded', 'blind', 'refused_file')),
    subject            TEXT, -- of a refused file: its hash and its name
    severity           TEXT    NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    message            TEXT    NOT NULL,
    opened_at          INTEGER NOT NULL, -- last opened; the log knows the earlier times
    resolved_at        INTEGER,
    acked_at           INTEGER,
    evaluation_id      INTEGER REFERENCES evaluation (id),
    acted_operation_id INTEGER REFERENCES operation (id) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (model_id, version_id, kind),
    UNIQUE (model_id, kind, subject),
    CHECK ((kind = 'refused_file') = (subject IS NOT NULL)),
    CHECK ((kind = 'refused_file') = (version_id IS NULL)),
    CHECK ((kind = 'refused_file') = (evaluation_id IS NULL))
) STRICT;

CREATE INDEX alert_open ON alert (model_id, id) WHERE resolved_at IS NULL;

-- Messages to people: written in the transaction of what they tell, sent after it.
CREATE TABLE delivery (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE, -- what receivers know duplicates by
    model_id        INTEGER NOT NULL REFERENCES model (id),
    alert_id        INTEGER NOT NULL REFERENCES alert (id),
    channel         TEXT    NOT NULL,
    event           TEXT    NOT NULL
                    CHECK (event IN ('degraded', 'blocked', 'blind', 'recovered', 'reminder', 'refused_file')),
    message         TEXT    NOT NULL CHECK (json_valid(message)),
    state           TEXT    NOT NULL CHECK (state IN ('queued', 'delivered', 'failed')),
    queued_at       INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    attempts_count  INTEGER NOT NULL CHECK (attempts_count >= 0),
    first_failed_at INTEGER,
    last_error      TEXT,
    reached         TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(reached)), -- the addresses that have it
    settled_at      INTEGER,
    owner_pid       INTEGER, -- who is sending it now
    owner_boot      TEXT,
    claimed_until   INTEGER, -- from then on anybody may
    CHECK ((state = 'queued') = (settled_at IS NULL)),
    CHECK ((owner_pid IS NULL) = (owner_boot IS NULL)),
    CHECK ((owner_pid IS NULL) = (claimed_until IS NULL)),
    CHECK (owner_pid IS NULL OR state = 'queued')
) STRICT;

CREATE INDEX delivery_queued ON delivery (id) WHERE state = 'queued';
CREATE INDEX delivery_open ON delivery (model_id) WHERE state <> 'delivered';
CREATE INDEX delivery_alert ON delivery (alert_id, id);
