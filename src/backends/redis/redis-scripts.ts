/**
 * Scripts for EVAL, without flags (`#!lua`): with flags, Redis refuses a whole script that contains a write while it
 * is out of memory, also where a removal would do.
 *
 * An entry is compared by the SHA-1 of its bytes, so that also one that is no text, or is very long, can be replaced.
 */

/**
 * Tells readers that look at intervals that an entry has changed: the channel has the name of the index, the message is
 * the id. Without the right to it, or with too old a server, the write stands all the same.
 */
const TELL = `redis.pcall('PUBLISH', KEYS[2], ARGV[2])`;

/** The longest entry that counts as one, in bytes; our limits allow 0.6 MB. The rest of a longer one is not sent. */
export const LONGEST_ENTRY = 1024 * 1024;

const FOUND = `local text = redis.call('GET', KEYS[1]) or ''
local version = redis.sha1hex(text)
local function found() return version .. string.sub(text, 1, ${String(LONGEST_ENTRY)}) end\n`;
const UNLESS_EXPECTED = `${FOUND}if version ~= ARGV[1] then return found() end\n`;

/** Returns the version of an entry and its text; an entry that does not exist has an empty one. */
export const READ = `${FOUND}return found()`;

/**
 * Compare and swap: writes an entry if it still has the expected version, and updates the index. The index lives as
 * long as the entry in it with the longest TTL. The entry comes last, since a command that is refused ends the script,
 * and a refused heartbeat must not extend the lease. Returns nothing on success, else what READ returns.
 */
export const SWAP = `${UNLESS_EXPECTED}
local lease = tonumber(ARGV[4]) or redis.call('PTTL', KEYS[1])
redis.call('SADD', KEYS[2], ARGV[2])
if redis.call('PTTL', KEYS[2]) < lease then redis.call('PEXPIRE', KEYS[2], lease) end
if ARGV[4] == '' then redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL') \
else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
if text ~= ARGV[3] then ${TELL} end
return false`;

/** Removes an entry if it still has the expected version. Needs no memory. Returns as SWAP does. */
export const REMOVE = `${UNLESS_EXPECTED}
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[2])
${TELL}
return false`;

/** Extends the lease of an entry if it still has the expected version. Needs no memory. Returns as SWAP does. */
export const EXTEND = `${UNLESS_EXPECTED}
local lease = tonumber(ARGV[2])
redis.call('PEXPIRE', KEYS[1], lease)
if redis.call('PTTL', KEYS[2]) < lease then redis.call('PEXPIRE', KEYS[2], lease) end
return false`;

/**
 * Removes an entry of this incarnation, or replaces it by another text for the rest of its TTL; removes it also when
 * Redis refuses that. Compares the nonce, so that it holds whatever was written to the entry meanwhile.
 */
export const DEPART = `local text = redis.call('GET', KEYS[1])
if not text or #text > ${String(LONGEST_ENTRY)} then return false end
local ok, entry = pcall(cjson.decode, text)
if not ok or type(entry) ~= 'table' or type(entry.instance) ~= 'table' then return false end
if entry.instance.nonce ~= ARGV[1] then return false end
if ARGV[3] == '' or redis.pcall('SET', KEYS[1], ARGV[3], 'KEEPTTL').err then
  redis.call('DEL', KEYS[1])
  redis.call('SREM', KEYS[2], ARGV[2])
end
${TELL}
return false`;

/** Removes ids from the index if they have no entry at this very moment. */
export const SWEEP = `
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('SREM', KEYS[1], ARGV[i - 1]) end
end`;
