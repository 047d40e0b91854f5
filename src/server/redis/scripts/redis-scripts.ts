import type { RedisScript } from '../client/redis-link';
import cancel from './cancel.lua';
import chat from './chat.lua';
import claimOutcome from './claim-outcome.lua';
import close from './close.lua';
import commit from './commit.lua';
import holdOutcome from './hold-outcome.lua';
import open from './open.lua';
import read from './read.lua';
import releaseOutcome from './release-outcome.lua';
import withdraw from './withdraw.lua';

/*
 * The Lua scripts. Each touches the keys of one task (or one chat) only, which share a slot in a
 * cluster; channels are passed as arguments, because a client's key prefix does not reach them.
 *
 * Keys of a task: its record (hash), its frames (stream), the producer's lease (string with a TTL),
 * and cancels that came before the task (hash by who asked, with a TTL).
 *
 * An entry of the stream has the id `(epoch)-(last + 1)`, where `last` numbers its last frame,
 * and the fields `a`, the number of its first frame, and `d`, the frames, one per line.
 *
 * The host is told of an outcome by one process at a time. Once a task has settled, whoever tells
 * the host of it holds the lease under a token of its own: first the process that ran the task, and
 * when that is gone, whoever claims the outcome. The record's field `log` is the token with which its
 * log was opened: unlike `token` it stays when the task is closed by others, and another log of the
 * same id has another one.
 *
 * `format` is the format of what is stored of a task, written when it is opened. Every format has
 * `format`, `token` and `log` as they are here: so nobody but a task's own process gets past the
 * first lines of the scripts that write to a log, and the others look at `format` before all else.
 */

/** The format in which this version stores tasks, and the latest that it knows; without one it is 1. */
export const recordFormat = 1;

export const openScript: RedisScript = { name: 'open', source: open };
export const withdrawScript: RedisScript = { name: 'withdraw', source: withdraw };
export const commitScript: RedisScript = { name: 'commit', source: commit };
export const readScript: RedisScript = { name: 'read', source: read };
export const closeScript: RedisScript = { name: 'close', source: close };
export const cancelScript: RedisScript = { name: 'cancel', source: cancel };
export const chatScript: RedisScript = { name: 'chat', source: chat };
export const claimOutcomeScript: RedisScript = { name: 'claimOutcome', source: claimOutcome };
export const holdOutcomeScript: RedisScript = { name: 'holdOutcome', source: holdOutcome };
export const releaseOutcomeScript: RedisScript = { name: 'releaseOutcome', source: releaseOutcome };
