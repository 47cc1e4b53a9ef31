--[[
  What is due in a partition, and when the next is.

  KEYS[1] clock  [2] deadlines  [3] outbox
  ARGV[1] how many at most   ARGV[2] a pause of this many ms is a gap; 0: do not look
  ARGV[3] the latest that the server's clock may show, ms, or '' for anything
  ARGV[4], [5] what a gap still holds is behind the one and up to the other, ms; none where they are missing

  Says due, now, next (ms, or ''), length of the outbox, what the server's clock shows, leads…
     | gap, now, when it began, length of the outbox, what the server's clock shows
     | ahead, what the server's clock shows (it has jumped; nothing is due, and nothing decided, until it is right)
     | shut
]]
local CLOCK, DEADLINES, OUTBOX = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local shows = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ARGV[3] ~= '' and shows > tonumber(ARGV[3]) then
  redis.call('HSET', CLOCK, 'ahead', '1')
  return { 'ahead', string.format('%d', shows) }
end
local stamps = redis.call('HMGET', CLOCK, 'high', 'swept', 'open', 'ahead')
if stamps[4] then redis.call('HDEL', CLOCK, 'ahead') end
if stamps[3] ~= SERVER then return { 'shut' } end
local now = math.max(shows, tonumber(stamps[1] or '0'))
local swept, text = tonumber(stamps[2] or '0'), string.format('%d', now)

local function answer(word, first, leads)
  local all = { word, text, first, redis.call('XLEN', OUTBOX), string.format('%d', shows) }
  for _, lead in ipairs(leads) do all[#all + 1] = lead end
  return all
end

local patience = tonumber(ARGV[2])
if patience > 0 and swept > 0 and now - swept > patience then
  local began = string.format('%d', swept)
  if redis.call('ZCOUNT', DEADLINES, '(' .. began, text) > 0 then return answer('gap', began, {}) end
end
-- The stamp is only there to notice gaps, so it need not be written each time; and not
-- before a gap is done, or nobody would see the rest of it when whoever is at it dies.
if now - swept >= 500 then
  redis.call('HSET', CLOCK, 'high', text)
  if not ARGV[4] then redis.call('HSET', CLOCK, 'swept', text) end
end

local function due_in(from, to, most) return redis.call('ZRANGE', DEADLINES, from, to, 'BYSCORE', 'LIMIT', 0, most) end
local due = due_in('-inf', ARGV[4] or text, ARGV[1])
if ARGV[4] then
  for _, lead in ipairs(due_in('(' .. ARGV[5], text, ARGV[1] - #due)) do due[#due + 1] = lead end
end
local next = redis.call('ZRANGE', DEADLINES, '(' .. text, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
return answer('due', next[2] or '', due)
