--[[
  Which server this is, and whether the partition is open on it: whether it is
  known that the board has everything that the log has.

  A server that was started or promoted has a name of its own, so what was open
  before is shut on it until somebody has caught up with the log.

  KEYS[1] clock  hash  open: on which server; logged: all events in the log up to this one are known;
                       by: who catches up, beat: their last sign of life (ms)
  ARGV[1] who wants to catch up, or '' to look only  [2] whoever gave no sign for so many ms is gone

  Says open | shut | busy (somebody else catches up) | yours, server, logged
]]
local CLOCK, who = KEYS[1], ARGV[1]
local server = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local held = redis.call('HMGET', CLOCK, 'open', 'logged', 'by', 'beat')
local logged = held[2] or '0'
if held[1] == server then return { 'open', server, logged } end
if who == '' then return { 'shut', server, logged } end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lives = held[3] and held[3] ~= who and now - tonumber(held[4] or '0') < tonumber(ARGV[2])
if lives then return { 'busy', server, logged } end
redis.call('HSET', CLOCK, 'by', who, 'beat', string.format('%d', now))
return { 'yours', server, logged }
