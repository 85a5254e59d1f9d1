-- Views for people who read the store with plain SQL, and the invariants: views that are empty in a whole store.

PRAGMA user_version = 2;

CREATE VIEW model_artifacts AS
SELECT model.name AS model_name,
       version.name AS model_version,
       EXISTS (SELECT 1 FROM alias
               WHERE alias.model_id = model.id AND alias.name = 'production' AND alias.version_id = version.id)
           AS is_production,
       (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ifnull(period.from_at, operation.at) / 1000000, 'unixepoch')
        FROM period JOIN operation ON operation.id = period.from_operation_id
        WHERE period.version_id = version.id AND period.alias = 'production'
        ORDER BY period.id DESC LIMIT 1) AS deployment_date,
       (SELECT value FROM version_metric WHERE version_id = version.id AND name = 'r2') AS r2_score,
       (SELECT value FROM version_metric WHERE version_id = version.id AND name = 'rmse') AS rmse_score,
       (SELECT value FROM version_metric WHERE version_id = version.id AND name = 'accuracy') AS accuracy_score,
       strftime('%Y-%m-%dT%H:%M:%SZ', version.registered_at / 1000000, 'unixepoch') AS created_at,
       artifact.size_bytes AS size_bytes,
       lower(hex(artifact.blake3)) AS blake3
FROM version
JOIN model ON model.id = version.model_id
JOIN artifact ON artifact.id = version.artifact_id;

CREATE VIEW model_predictions AS
SELECT model.name AS model_name,
       version.name AS model_version,
       prediction.prediction_id AS prediction_id,
       strftime('%Y-%m-%dT%H:%M:%SZ', prediction.predicted_at / 1000000, 'unixepoch') AS predicted_at,
       ifnull(prediction.class, prediction.value) AS predicted_value,
       ifnull(truth.class, truth.value) AS actual_value,
       prediction.failed AS failed
FROM prediction
JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
JOIN version ON version.id = prediction.version_id
JOIN model ON model.id = version.model_id
LEFT JOIN truth ON truth.id = prediction.truth_id;

CREATE VIEW model_alerts AS
SELECT 'a_' || alert.id AS alert_id,
       model.name AS model_name,
       version.name AS model_version,
       alert.kind AS kind,
       alert.severity AS severity,
       strftime('%Y-%m-%dT%H:%M:%SZ', alert.opened_at / 1000000, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', alert.resolved_at / 1000000, 'unixepoch') AS resolved_at,
       alert.message AS message
FROM alert
JOIN model ON model.id = alert.model_id
LEFT JOIN version ON version.id = alert.version_id;

-- An alias's holder is the top of the stack of its newest view operation, and that operation is the one it names.
CREATE VIEW invariant_alias_is_top_of_stack AS
SELECT newest.model_id, newest.alias, newest.id AS operation_id
FROM (SELECT model_id, alias, max(id) AS id FROM operation WHERE alias IS NOT NULL GROUP BY model_id, alias) AS last
JOIN operation AS newest ON newest.id = last.id
LEFT JOIN alias ON alias.model_id = newest.model_id AND alias.name = newest.alias
WHERE json_extract(newest.stack, '$[#-1]') IS NOT alias.version_id
   OR newest.to_version_id IS NOT alias.version_id
   OR (alias.operation_id IS NOT NULL AND alias.operation_id <> newest.id)
UNION ALL
SELECT model_id, name, operation_id FROM alias
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE operation.id = alias.operation_id AND operation.alias = alias.name);

-- An operation leaves the holder that the one before it on that alias put there.
CREATE VIEW invariant_operation_leaves_the_holder AS
SELECT operation.id FROM operation
WHERE operation.alias IS NOT NULL
  AND operation.from_version_id IS NOT
      (SELECT before.to_version_id FROM operation AS before
       WHERE before.model_id = operation.model_id AND before.alias = operation.alias AND before.id < operation.id
       ORDER BY before.id DESC LIMIT 1);

-- The holder of an alias has the one open period, and only a holder has one.
CREATE VIEW invariant_holder_has_open_period AS
SELECT alias.model_id, alias.name, alias.version_id FROM alias
LEFT JOIN period ON period.model_id = alias.model_id AND period.alias = alias.name AND period.to_at IS NULL
WHERE period.version_id IS NOT alias.version_id
UNION ALL
SELECT period.model_id, period.alias, period.version_id FROM period
WHERE period.to_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM alias WHERE alias.model_id = period.model_id AND alias.name = period.alias);

-- The periods of an alias follow one another without overlap.
CREATE VIEW invariant_periods_do_not_overlap AS
SELECT later.id FROM period AS later
JOIN period AS earlier ON earlier.model_id = later.model_id AND earlier.alias = later.alias AND earlier.id < later.id
WHERE earlier.to_at IS NULL OR later.from_at IS NULL OR later.from_at < earlier.to_at;

-- A tenure belongs to one version of one alias.
CREATE VIEW invariant_tenure_has_one_version AS
SELECT tenure FROM period GROUP BY tenure
HAVING min(version_id) <> max(version_id) OR min(alias) <> max(alias) OR min(id) <> tenure;

-- Versions, their holders and their operations belong to the same model.
CREATE VIEW invariant_model_is_the_same AS
SELECT 'alias' AS place, alias.version_id FROM alias JOIN version ON version.id = alias.version_id
WHERE version.model_id <> alias.model_id
UNION ALL
SELECT 'period', period.version_id FROM period JOIN version ON version.id = period.version_id
WHERE version.model_id <> period.model_id
UNION ALL
SELECT 'alert', alert.version_id FROM alert JOIN version ON version.id = alert.version_id
WHERE version.model_id <> alert.model_id
UNION ALL
SELECT 'operation', version.id FROM operation
JOIN version ON version.id IN (operation.version_id, operation.from_version_id, operation.to_version_id)
WHERE version.model_id <> operation.model_id;

-- A ready artifact has all its pieces.
CREATE VIEW invariant_artifact_is_whole AS
SELECT artifact.id FROM artifact
LEFT JOIN artifact_chunk ON artifact_chunk.artifact_id = artifact.id
LEFT JOIN chunk ON chunk.id = artifact_chunk.chunk_id
WHERE artifact.state = 'ready'
GROUP BY artifact.id
HAVING count(chunk.id) <> artifact.chunks_count
    OR ifnull(sum(chunk.size_bytes), 0) <> artifact.size_bytes
    OR ifnull(max(artifact_chunk.sequence) + 1, 0) <> artifact.chunks_count;

-- A version's artifact is ready.
CREATE VIEW invariant_version_has_artifact AS
SELECT version.id FROM version
LEFT JOIN artifact ON artifact.id = version.artifact_id AND artifact.state = 'ready'
WHERE artifact.id IS NULL;

-- A version counts each prediction id once.
CREATE VIEW invariant_prediction_counts_once AS
SELECT prediction.version_id, prediction.prediction_id
FROM prediction JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
GROUP BY prediction.version_id, prediction.prediction_id
HAVING count(*) > 1;

-- A prediction carries the newest visible truth of its id, and none where it is not visible itself.
CREATE VIEW invariant_prediction_has_newest_truth AS
SELECT prediction.id FROM prediction
JOIN batch ON batch.id = prediction.batch_id
JOIN version ON version.id = prediction.version_id
WHERE prediction.truth_id IS NOT CASE batch.state WHEN 'visible' THEN
      (SELECT truth.id FROM truth
       JOIN batch AS source ON source.id = truth.batch_id AND source.state = 'visible'
       WHERE truth.prediction_id = prediction.prediction_id AND truth.model_id = version.model_id
       ORDER BY source.operation_id DESC, truth.id DESC LIMIT 1) END
   OR prediction.label_at IS NOT (SELECT truth.label_at FROM truth WHERE truth.id = prediction.truth_id);

-- The hourly counters are what a count of the rows would give, hour by hour and in all. By ranges of an index and
-- not by a GROUP BY of all rows, which would hold as many in memory.
CREATE VIEW invariant_hours_count_the_rows AS
SELECT version_id, hour FROM prediction_hour
WHERE (predictions_count, failed_count, labelled_count) IS NOT
      (SELECT count(*), coalesce(sum(prediction.failed), 0), count(prediction.label_at)
       FROM prediction JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
       WHERE prediction.version_id = prediction_hour.version_id
         AND prediction.predicted_at >= prediction_hour.hour * 3600000000
         AND prediction.predicted_at < (prediction_hour.hour + 1) * 3600000000)
UNION ALL
SELECT version.id, NULL FROM version
WHERE (SELECT coalesce(sum(predictions_count), 0) FROM prediction_hour WHERE prediction_hour.version_id = version.id)
   <> (SELECT count(*) FROM prediction JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
       WHERE prediction.version_id = version.id);

-- A visible batch's rows belong to its model.
CREATE VIEW invariant_batch_has_one_model AS
SELECT batch.id FROM batch
JOIN prediction ON prediction.batch_id = batch.id
JOIN version ON version.id = prediction.version_id
WHERE version.model_id <> batch.model_id
UNION ALL
SELECT batch.id FROM batch JOIN truth ON truth.batch_id = batch.id
WHERE truth.model_id <> batch.model_id;

-- A batch became visible by an ingest of its model, and was undone by a later one that says so.
CREATE VIEW invariant_batch_has_operation AS
SELECT batch.id FROM batch
LEFT JOIN operation AS began ON began.id = batch.operation_id
LEFT JOIN operation AS undid ON undid.id = batch.undone_operation_id
WHERE batch.state <> 'pending'
  AND (began.kind IS NOT 'ingest' OR began.model_id IS NOT batch.model_id
       OR (batch.state = 'undone'
           AND (undid.kind IS NOT 'ingest_undo' OR undid.model_id IS NOT batch.model_id OR undid.id <= began.id)));

-- A reference sample has the rows that it says.
CREATE VIEW invariant_reference_counts_rows AS
SELECT reference.version_id FROM reference
LEFT JOIN reference_row ON reference_row.version_id = reference.version_id
GROUP BY reference.version_id
HAVING count(reference_row.sequence) <> reference.rows_count;

-- An alert that has acted names a rollback of its own version.
CREATE VIEW invariant_alert_acted_by_rollback AS
SELECT alert.id FROM alert
LEFT JOIN operation ON operation.id = alert.acted_operation_id
WHERE alert.acted_operation_id IS NOT NULL
  AND (operation.kind IS NOT 'rollback' OR operation.from_version_id IS NOT alert.version_id);

-- An alert about a file was opened by an operation that names it.
CREATE VIEW invariant_refused_file_has_operation AS
SELECT alert.id FROM alert
WHERE alert.kind = 'refused_file'
  AND (alert.model_id, 'a_' || alert.id) NOT IN
      (SELECT model_id, json_extract(detail, '$.alert_id') FROM operation
       WHERE kind = 'refuse' AND json_extract(detail, '$.alert_id') IS NOT NULL);

-- An evaluation belongs to the operation that recorded it.
CREATE VIEW invariant_evaluation_has_operation AS
SELECT evaluation.id FROM evaluation
LEFT JOIN operation ON operation.id = evaluation.operation_id
WHERE operation.kind IS NULL OR operation.kind NOT IN ('check', 'rollback') OR operation.at <> evaluation.checked_at;
