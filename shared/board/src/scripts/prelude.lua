--[[
  Stands before every script that changes a lead.

  A script first reads and decides, then changes, and only then saves and
  emits; nothing here can fail after the first write. Every change of a lead
  raises its version by one and leaves one entry in the outbox.

  KEYS[1]  lead       hash    where the lead stands
  KEYS[2]  payload    string  the lead as it was sent
  KEYS[3]  clock      hash    high: never go back behind this; swept: last sweep; ahead: the server's has jumped; open …: see `gate.lua`
  KEYS[4]  deadlines  zset    lead, by the ms at which it is due
  KEYS[5]  offers     zset    entity|agent|lead: what agents may claim
  KEYS[6]  owned      zset    entity|agent|lead: what agents have
  KEYS[7]  turns      hash    what every entity|route remembers, as in next:acme|route_1, and since which event: at:next:acme|route_1;
                              and missed:acme|ana, how many offers in a row an agent let run out
  KEYS[8]  outbox     stream  events on their way to the log
  KEYS[9]  leads      zset    the entity's leads, by the ms of arrival
  KEYS[10] pool       zset    pond|ms|lead: what nobody has, since then; `pool` is the entity's own pond, `held` what waits
  KEYS[11] taken      zset    entity|agent|ms|lead: what routing has given to agents, which limits count
  KEYS[12] reserved   zset    entity|agent|lead: offers that hold a place under the agent's limits
]]
local LEAD, PAYLOAD, CLOCK, DEADLINES, OFFERS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local OWNED, TURNS, OUTBOX, LEADS, POOL = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local TAKEN, RESERVED = KEYS[11], KEYS[12]

local function int(number) return string.format('%d', number) end

local stamps = redis.call('HMGET', CLOCK, 'open', 'high', 'ahead')

-- One clock per partition: the server's, which never goes back (D-1).
local function read_clock()
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  return math.max(now, tonumber(stamps[2] or '0'))
end
local now = read_clock()

local function split(text, by)
  local parts = {}
  for part in string.gmatch(text or '', '[^' .. by .. ']+') do parts[#parts + 1] = part end
  return parts
end

local function contains(list, wanted)
  return string.find(',' .. (list or '') .. ',', ',' .. wanted .. ',', 1, true) ~= nil
end

-- Whoever stands behind `one` on the list, and behind the last of all the first; nil
-- where `one` is not on it.
local function behind(list, one)
  local _, stop = string.find(',' .. list .. ',', ',' .. one .. ',', 1, true)
  return stop and (string.match(list, '^[^,]+', stop) or string.match(list, '^[^,]+'))
end

-- What became of the last offer to `agent`: tried is `ana=expired,ben=passed`.
local function outcome_of(tried, agent)
  tried = tried or ''
  local mark, from, found = agent .. '=', 1, nil
  -- The list is not copied to put a comma before the first: after a jump ball it is long.
  if string.sub(tried, 1, #mark) == mark then found = string.match(tried, '^[^,]*', #mark + 1) end
  while true do
    local _, stop = string.find(tried, ',' .. mark, from, true)
    if not stop then return found end
    found, from = string.match(tried, '^[^,]*', stop + 1), stop + 1
  end
end

local function open(key, id)
  local lead = { key = key, id = id, is = {}, touched = {} }
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do lead.is[flat[i]] = flat[i + 1] end
  return lead
end

-- The same, if it is the keys' entity's: a lead of another is not there for it.
local function open_own(id)
  local lead = open(LEAD, id)
  local entity = string.match(LEADS, '[^:]*$')
  return lead.is.entity == entity and lead or { key = LEAD, id = id, is = {}, touched = {} }
end

-- A value of nil takes the field away.
local function put(lead, field, value)
  if lead.is[field] == value then return end
  lead.is[field] = value
  lead.touched[field] = true
end

-- So many requests on a lead are known again; whoever asks twice does so soon.
local KNOWN_AGAIN = 8

-- What this very request was answered before, or `reused` if it asked something
-- else then; nil where it has changed nothing yet. A request is `id.what`, and
-- stands in the lead's list with what it was answered: `id.what=word`.
local function answered_before(lead, request)
  local list, id = lead.is.requests, string.match(request, '^[^.]+')
  if not list or not id then return nil end
  for _, one in ipairs(split(list, ',')) do
    local asked, word = string.match(one, '^([^=]*)=(.*)$')
    if asked == request then return word end
    if string.match(asked, '^[^.]+') == id then return 'reused' end
  end
end

-- Before the event is emitted, which carries it into the log.
local function known_again(lead, request, word)
  if request == '' then return end
  local list = split(lead.is.requests, ',')
  list[#list + 1] = request .. '=' .. word
  put(lead, 'requests', table.concat(list, ',', math.max(1, #list - KNOWN_AGAIN + 1)))
end

local function save(lead)
  local set, gone = {}, {}
  for field in pairs(lead.touched) do
    if lead.is[field] == nil then
      gone[#gone + 1] = field
    else
      set[#set + 1] = field
      set[#set + 1] = lead.is[field]
    end
  end
  if #set > 0 then redis.call('HSET', lead.key, unpack(set)) end
  if #gone > 0 then redis.call('HDEL', lead.key, unpack(gone)) end
end

-- What every event says of the lead after it: enough to rebuild the board.
local SNAPSHOT = {
  'entity', 'state', 'version', 'route', 'round', 'until', 'window', 'pending', 'tried', 'agent', 'how', 'why',
  'since', 'source', 'received', 't0', 'first', 'reroutes', 'inquiries', 'of', 'tags', 'plan', 'enrolled', 'along',
  'pond', 'from_pond', 'rested', 'act_by', 'firsts', 'again', 'undo', 'released', 'ball', 'credited', 'counted', 'erased',
  'requests', 'late', 'known_by',
}
-- By lead: what this call says of it.
local emitted = {}
-- What the next event is going to make its route remember.
local remembered = {}

-- `details` are pairs of field and value; empty values are left out.
local function emit(lead, kind, details)
  put(lead, 'version', int((tonumber(lead.is.version) or 0) + 1))
  local entry, n, is = { 'type', kind, 'lead', lead.id, 'at', int(now) }, 6, lead.is
  for i = 1, #details, 2 do
    local value = details[i + 1]
    if value ~= nil and value ~= '' then
      entry[n + 1], entry[n + 2], n = details[i], value, n + 2
    end
  end
  for i = 1, #SNAPSHOT do
    local value = is[SNAPSHOT[i]]
    if value ~= nil then
      entry[n + 1], entry[n + 2], n = SNAPSHOT[i], value, n + 2
    end
  end
  -- One string, which Redis takes and gives faster than fifty; no value holds that character.
  local text = table.concat(entry, '\31')
  local id = redis.call('XADD', OUTBOX, '*', 'event', text)
  put(lead, 'unsent', lead.is.unsent and (lead.is.unsent .. ' ' .. id) or id)
  for _, thing in ipairs(remembered) do redis.call('HSET', TURNS, 'at:' .. thing, id) end
  remembered = {}
  emitted[lead.id] = emitted[lead.id] or {}
  table.insert(emitted[lead.id], { id, text })
end

-- Every event of the lead that is not in the log yet, oldest first: what others
-- left or are still shipping, and what this call made.
local function waiting(lead)
  local ids, mine, all = split(lead.is.unsent, ' '), emitted[lead.id] or {}, {}
  for i = 1, #ids - #mine do
    local found = redis.call('XRANGE', OUTBOX, ids[i], ids[i])[1]
    if found then all[#all + 1] = { found[1], found[2][2] } end
  end
  for _, entry in ipairs(mine) do all[#all + 1] = entry end
  return all
end

local function reply(word, lead, detail)
  save(lead)
  return { word, detail or '', lead.id, lead.is.seq or '0', lead.is.unsent or '', waiting(lead) }
end

local function member(lead, agent) return lead.is.entity .. '|' .. agent .. '|' .. lead.id end
