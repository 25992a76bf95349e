"""Every error of Paso in one tree, each with the code that CLI and protocol share.

Never: import anything, print, or know who shows the error.

    PasoError                   failed                 exit 1
      UsageError                usage                  exit 2
        NoProject               no_project
      NotFound                  not_found              exit 3
        Ambiguous               ambiguous
      Conflict                  conflict               exit 4
        ChangedMeanwhile        changed_meanwhile
        CycleRefused            cycle
        WipLimitReached         wip_limit
        AlreadyClaimed          already_claimed
        NameTaken               name_taken
        NotEmpty                not_empty
        UndoConflict            undo_conflict
        PhaseRefused            session_phase
      InvalidValue              invalid_value          exit 5
      DaemonUnreachable         daemon_unreachable     exit 6
        DaemonFailed            daemon_failed
        NoListener              no_daemon
        TryAgain                daemon_busy
      PeerUnreachable           unreachable            exit 6
        TimedOut                timeout
      Refused                   refused                exit 1
      ToolFailed                tool_failed            exit 1
        ToolMissing             tool_missing
        ToolTimedOut            tool_timeout
      StoreError                store_failed           exit 1
        StoreBusy               store_busy
        StoreFull               store_full
        StoreReadOnly           store_read_only
        StoreDamaged            store_damaged
        SchemaTooNew            schema_too_new
        ForeignDatabase         foreign_database
      UnsafePath                unsafe_path            exit 1
      SocketPathTooLong         socket_path_too_long   exit 1
      DaemonRunning             daemon_running         exit 1
      OutputLost                output_lost            exit 1
      WireError                 bad_frame              exit 1
        BadJson                 bad_json
        FrameTooLarge           frame_too_large
        UnknownType             unknown_type
        UnknownMethod           unknown_method
        BadEvent                bad_event
        UnsupportedVersion      unsupported_version
        TooManyErrors           too_many_errors
        Busy                    busy
"""

from __future__ import annotations


class PasoError(Exception):
    """Root of the tree.

    Arguments:
        message: one sentence for a person, without a trailing full stop.
        hint: the repair, as a command or a step, where one is known.
        candidates: what the caller may have meant.
    """

    code = "failed"
    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        candidates: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.candidates = candidates


class UsageError(PasoError):
    """The call itself is wrong: an option, a missing argument, no terminal to ask."""

    code = "usage"
    exit_code = 2


class NoProject(UsageError):
    """No project was named and several could be meant."""

    code = "no_project"


class NotFound(PasoError):
    """A reference names nothing that exists."""

    code = "not_found"
    exit_code = 3


class Ambiguous(NotFound):
    """A reference names several things."""

    code = "ambiguous"


class Conflict(PasoError):
    """The state of the board does not allow it."""

    code = "conflict"
    exit_code = 4


class ChangedMeanwhile(Conflict):
    """Another writer changed the same fields since they were read.

    Arguments:
        fields: name of each field to (yours, theirs).
        version: the version of the row as it is now.
    """

    code = "changed_meanwhile"

    def __init__(
        self, message: str, *, fields: dict[str, tuple[object, object]], version: int
    ) -> None:
        super().__init__(message, hint="read it again, then save")
        self.fields = fields
        self.version = version


class CycleRefused(Conflict):
    """The relation would make a task its own ancestor or its own blocker."""

    code = "cycle"


class WipLimitReached(Conflict):
    """The column holds as many cards as its limit allows."""

    code = "wip_limit"


class AlreadyClaimed(Conflict):
    """Somebody has the task."""

    code = "already_claimed"


class NameTaken(Conflict):
    """A name or key that must be unique is in use."""

    code = "name_taken"


class NotEmpty(Conflict):
    """It still holds something that would be lost."""

    code = "not_empty"


class UndoConflict(Conflict):
    """A later change touched what would be undone or redone."""

    code = "undo_conflict"


class PhaseRefused(Conflict):
    """The session is in a phase that does not allow it."""

    code = "session_phase"


class InvalidValue(PasoError):
    """A value is outside what the field allows."""

    code = "invalid_value"
    exit_code = 5


class DaemonUnreachable(PasoError):
    """The daemon does not answer, and the command needs it."""

    code = "daemon_unreachable"
    exit_code = 6


class DaemonFailed(DaemonUnreachable):
    """The daemon was started and said why it could not run."""

    code = "daemon_failed"


class NoListener(DaemonUnreachable):
    """Nothing listens at the socket path: a daemon may be started."""

    code = "no_daemon"


class TryAgain(DaemonUnreachable):
    """A daemon is there, and too busy to take us, or on its way out."""

    code = "daemon_busy"


class PeerUnreachable(PasoError):
    """The computer that has it cannot be reached; nothing was done there."""

    code = "unreachable"
    exit_code = 6


class TimedOut(PeerUnreachable):
    """The other computer did not answer in time; whether it acted is unknown."""

    code = "timeout"


class Refused(PasoError):
    """It is there, and its owner does not allow it."""

    code = "refused"


class ToolFailed(PasoError):
    """A program that Paso calls, as tmux, failed; the message has its words."""

    code = "tool_failed"


class ToolMissing(ToolFailed):
    """A program that this needs is not installed."""

    code = "tool_missing"


class ToolTimedOut(ToolFailed):
    """A program did not end in its time; it was killed and reaped.

    Arguments:
        operation: what it was to do.
        limit_s: its time, in seconds.
        pid: the process that was killed.
    """

    code = "tool_timeout"

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        limit_s: float,
        pid: int,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.operation = operation
        self.limit_s = limit_s
        self.pid = pid


class StoreError(PasoError):
    """The database cannot do it; nothing was written."""

    code = "store_failed"


class StoreBusy(StoreError):
    """Another process held the database locked for the whole wait."""

    code = "store_busy"


class StoreFull(StoreError):
    """The disk or the quota is full."""

    code = "store_full"


class StoreReadOnly(StoreError):
    """The database or its folder cannot be written."""

    code = "store_read_only"


class StoreDamaged(StoreError):
    """SQLite says the file is damaged or is no database."""

    code = "store_damaged"


class SchemaTooNew(StoreError):
    """A newer Paso made this database."""

    code = "schema_too_new"


class ForeignDatabase(StoreError):
    """The file at this path belongs to another program."""

    code = "foreign_database"


class UnsafePath(PasoError):
    """A folder or file that must be private is not, or is not ours."""

    code = "unsafe_path"


class SocketPathTooLong(PasoError):
    """The socket path is longer than the kernel takes (107 bytes, unix(7))."""

    code = "socket_path_too_long"


class DaemonRunning(PasoError):
    """Another daemon serves this home or this database."""

    code = "daemon_running"


class OutputLost(PasoError):
    """Stdout does not take what was written; it cannot be told there."""

    code = "output_lost"


class WireError(PasoError):
    """The peer sent something that is no frame.

    `fatal` tells whether the connection can go on after it.
    """

    code = "bad_frame"
    fatal = False


class BadJson(WireError):
    """A line is not one JSON object within the rules of the protocol."""

    code = "bad_json"


class FrameTooLarge(WireError):
    """A line is longer than the limit; where it ends is unknown."""

    code = "frame_too_large"
    fatal = True


class UnknownType(WireError):
    """A frame of a type that no version of the protocol knows."""

    code = "unknown_type"


class UnknownMethod(WireError):
    """A request for a method that no version of the protocol knows."""

    code = "unknown_method"


class BadEvent(WireError):
    """An announcement that is no event of the protocol."""

    code = "bad_event"


class UnsupportedVersion(WireError):
    """The peer speaks another version of the protocol."""

    code = "unsupported_version"
    fatal = True


class TooManyErrors(WireError):
    """The peer sends nothing but mistakes."""

    code = "too_many_errors"
    fatal = True


class Busy(WireError):
    """The daemon serves as many clients as it may."""

    code = "busy"
    fatal = True
