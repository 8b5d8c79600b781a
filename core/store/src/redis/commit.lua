-- Replaces an object if its version is the one that is expected, in one step.
-- KEYS[1]: the object. ARGV: the expected version, empty for none; the new one; the bytes.
-- A commit whose answer was lost is sent again, and finds its own version.
local current = redis.call('HGET', KEYS[1], 'version') or ''
if current == ARGV[2] then return 1 end
if current ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'bytes', ARGV[3])
return 1
