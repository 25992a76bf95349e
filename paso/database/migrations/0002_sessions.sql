-- Sessions: one run of one command on this computer, and the log of what became of it.
--
-- Not in the change log: nobody undoes that a command ended. They have a log of their
-- own, `session_log`, written by triggers in the transaction of the change, dense and
-- in the order of commits like the change log: the history of a session, and what the
-- daemon reads to announce it. Which phase may follow which is a rule of
-- paso/commands.
--
-- A session names its project and task by uid: they may be deleted, and come back by
-- undo, without the session being written.

CREATE TABLE sessions (
  id          TEXT PRIMARY KEY CHECK (length(id) = 16 AND id NOT GLOB '*[^0-9a-f]*'),
  title       TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
  project_uid TEXT,
  task_uid    TEXT,
  -- A JSON list of texts.
  argv        TEXT NOT NULL,
  cwd         TEXT NOT NULL,
  backend     TEXT NOT NULL CHECK (backend IN ('pty', 'tmux')),
  -- A pane that Paso found and did not make; it is never ended by a clean-up.
  adopted     INTEGER NOT NULL DEFAULT 0 CHECK (adopted IN (0, 1)),
  created_by  TEXT NOT NULL DEFAULT '',

  -- Where it runs. A process is a pid, the clock tick it started at, and the boot.
  pid         INTEGER,
  pid_ticks   INTEGER,
  boot_id     TEXT,
  -- pty: the process that holds the terminal, whose child the command is.
  keeper      INTEGER,
  keeper_ticks INTEGER,
  -- tmux: socket, server and the ids that name one pane exactly ($1, %2).
  tmux_socket TEXT,
  tmux_server INTEGER,
  tmux_server_ticks INTEGER,
  tmux_session TEXT,
  tmux_pane   TEXT,

  phase       TEXT NOT NULL DEFAULT 'starting' CHECK (phase IN
              ('starting', 'running', 'stopping', 'ended', 'failed', 'lost')),
  activity    TEXT NOT NULL DEFAULT 'idle'
              CHECK (activity IN ('working', 'idle', 'waiting')),
  attention   TEXT NOT NULL DEFAULT 'none'
              CHECK (attention IN ('none', 'input', 'finished', 'failed')),
  -- The command itself reports its activity; its output is no guess any more.
  reported    INTEGER NOT NULL DEFAULT 0 CHECK (reported IN (0, 1)),
  exit_code   INTEGER,
  signal      INTEGER,
  -- Why it is in its phase or needs the user, in words.
  reason      TEXT NOT NULL DEFAULT '',
  -- The change after which a card that somebody moved is left where it is.
  rule_change INTEGER,

  version     INTEGER NOT NULL DEFAULT 1,
  created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  started_at  TEXT,
  ended_at    TEXT,
  updated_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_task ON sessions (task_uid) WHERE task_uid IS NOT NULL;
CREATE INDEX sessions_live ON sessions (phase)
  WHERE phase IN ('starting', 'running', 'stopping');
CREATE INDEX sessions_by_time ON sessions (created_at);

-- The last output that was seen. Not logged: it changes all the time.
CREATE TABLE session_output (
  session_id TEXT PRIMARY KEY,
  at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  -- One line for lists.
  preview    TEXT NOT NULL DEFAULT '',
  -- The last lines, once the terminal is gone.
  tail       TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- The history of sessions, and the queue of their events. A removed session leaves
-- its last row, with the version that no late writer can pass.
CREATE TABLE session_log (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  session_id TEXT NOT NULL,
  op         TEXT NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
  version    INTEGER NOT NULL,
  phase      TEXT NOT NULL,
  activity   TEXT NOT NULL,
  attention  TEXT NOT NULL,
  reason     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX session_log_by_session ON session_log (session_id, id);

CREATE TRIGGER sessions_log_insert AFTER INSERT ON sessions
BEGIN
  INSERT INTO session_log
    (session_id, op, version, phase, activity, attention, reason)
  VALUES (NEW.id, 'insert', NEW.version, NEW.phase, NEW.activity, NEW.attention,
    NEW.reason);
END;

CREATE TRIGGER sessions_log_update AFTER UPDATE OF
  title, project_uid, task_uid, argv, cwd, adopted, pid, phase, activity, attention,
  reported, exit_code, signal, reason, started_at, ended_at
ON sessions WHEN
  OLD.title IS NOT NEW.title OR OLD.project_uid IS NOT NEW.project_uid OR
  OLD.task_uid IS NOT NEW.task_uid OR OLD.argv IS NOT NEW.argv OR
  OLD.cwd IS NOT NEW.cwd OR OLD.adopted IS NOT NEW.adopted OR
  OLD.pid IS NOT NEW.pid OR OLD.phase IS NOT NEW.phase OR
  OLD.activity IS NOT NEW.activity OR OLD.attention IS NOT NEW.attention OR
  OLD.reported IS NOT NEW.reported OR OLD.exit_code IS NOT NEW.exit_code OR
  OLD.signal IS NOT NEW.signal OR OLD.reason IS NOT NEW.reason OR
  OLD.started_at IS NOT NEW.started_at OR OLD.ended_at IS NOT NEW.ended_at
BEGIN
  UPDATE sessions SET version = OLD.version + 1,
    updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
  INSERT INTO session_log
    (session_id, op, version, phase, activity, attention, reason)
  VALUES (NEW.id, 'update', OLD.version + 1, NEW.phase, NEW.activity, NEW.attention,
    NEW.reason);
END;

CREATE TRIGGER sessions_log_delete AFTER DELETE ON sessions
BEGIN
  DELETE FROM session_output WHERE session_id = OLD.id;
  DELETE FROM session_log WHERE session_id = OLD.id;
  INSERT INTO session_log
    (session_id, op, version, phase, activity, attention, reason)
  VALUES (OLD.id, 'delete', OLD.version + 1, OLD.phase, OLD.activity, 'none', '');
END;

-- What a session does to its card, chosen for each project.
ALTER TABLE projects ADD COLUMN session_start_moves INTEGER NOT NULL DEFAULT 0
  CHECK (session_start_moves IN (0, 1));
-- Uid of a column, so that its deletion needs no write here; absent = nothing moves.
ALTER TABLE projects ADD COLUMN session_end_column TEXT;

DROP TRIGGER projects_log_insert;
CREATE TRIGGER projects_log_insert AFTER INSERT ON projects
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.id, 'project', 'insert', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'key' AS name, NULL AS old, NEW.key AS new
    UNION ALL SELECT 'name', NULL, NEW.name
    UNION ALL SELECT 'description', NULL, NEW.description
    UNION ALL SELECT 'archived_at', NULL, NEW.archived_at
    UNION ALL SELECT 'session_start_moves', NULL, NEW.session_start_moves
    UNION ALL SELECT 'session_end_column', NULL, NEW.session_end_column
    UNION ALL SELECT 'created_at', NULL, NEW.created_at
  ) WHERE new IS NOT NULL;
END;

DROP TRIGGER projects_log_update;
CREATE TRIGGER projects_log_update AFTER UPDATE OF
  key, name, description, archived_at, session_start_moves, session_end_column,
  created_at
ON projects WHEN
  OLD.key IS NOT NEW.key OR OLD.name IS NOT NEW.name OR OLD.description IS NOT
  NEW.description OR OLD.archived_at IS NOT NEW.archived_at OR
  OLD.session_start_moves IS NOT NEW.session_start_moves OR
  OLD.session_end_column IS NOT NEW.session_end_column OR OLD.created_at IS NOT
  NEW.created_at
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.id, 'project', 'update', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'key' AS name, OLD.key AS old, NEW.key AS new
    UNION ALL SELECT 'name', OLD.name, NEW.name
    UNION ALL SELECT 'description', OLD.description, NEW.description
    UNION ALL SELECT 'archived_at', OLD.archived_at, NEW.archived_at
    UNION ALL SELECT 'session_start_moves', OLD.session_start_moves,
      NEW.session_start_moves
    UNION ALL SELECT 'session_end_column', OLD.session_end_column,
      NEW.session_end_column
    UNION ALL SELECT 'created_at', OLD.created_at, NEW.created_at
  ) WHERE old IS NOT new;
  UPDATE projects SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    WHERE id = NEW.id;
END;

DROP TRIGGER projects_log_delete;
CREATE TRIGGER projects_log_delete AFTER DELETE ON projects
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, OLD.id, 'project', 'delete', OLD.id, OLD.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'key' AS name, OLD.key AS old, NULL AS new
    UNION ALL SELECT 'name', OLD.name, NULL
    UNION ALL SELECT 'description', OLD.description, NULL
    UNION ALL SELECT 'archived_at', OLD.archived_at, NULL
    UNION ALL SELECT 'session_start_moves', OLD.session_start_moves, NULL
    UNION ALL SELECT 'session_end_column', OLD.session_end_column, NULL
    UNION ALL SELECT 'created_at', OLD.created_at, NULL
    UNION ALL SELECT 'updated_at', OLD.updated_at, NULL
  ) WHERE old IS NOT NULL;
END;
