--[[
  The board has what the log has: opens the partition.

  KEYS[1] clock  [2] outbox
  ARGV[1] server  [2] who caught up  [3] sequence of the partition's last event in the log
  ARGV[4] when that was, ms  [5] its outbox id, or '' if there is none
  ARGV[6] when the partition was last swept as far as the caller knows, ms, or 0

  Says opened | lost (another server, another who catches up, or nothing left of it: begin again)
]]
local CLOCK, OUTBOX = KEYS[1], KEYS[2]
local server = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local held = redis.call('HMGET', CLOCK, 'by', 'high', 'swept')
if server ~= ARGV[1] or held[1] ~= ARGV[2] then return { 'lost' } end

-- The clock never goes back behind what the log has seen, and what fell due
-- while nobody could sweep is put off.
local at, swept = tonumber(ARGV[4]), tonumber(ARGV[6])
local high = math.max(at, swept, tonumber(held[2] or '0'))
redis.call('HSET', CLOCK, 'open', server, 'logged', ARGV[3])
if high > 0 then redis.call('HSET', CLOCK, 'high', string.format('%d', high)) end
if not held[3] and high > 0 then redis.call('HSET', CLOCK, 'swept', string.format('%d', math.max(at, swept))) end
-- Nor do ids, by which it is told what came later: they go on behind the last one.
local passed = ARGV[5] ~= '' and redis.pcall('XADD', OUTBOX, ARGV[5], 'event', '')
if type(passed) == 'string' then redis.call('XDEL', OUTBOX, passed) end
redis.call('HDEL', CLOCK, 'by', 'beat')
return { 'opened' }
