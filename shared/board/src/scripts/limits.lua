--[[
  How many leads an agent gets (D-20 to D-22).
]]
-- What limits count: leads that came by routing, and not what was given by hand
-- or kept from before; what was fetched from a pond only where the entity wants
-- it (D-21). Returning one changes nothing; one that was worth nothing counts no more.
local COUNTED = { claimed = 1, direct = 1, assign_to_agent = 1, timeout_agent = 1, exhausted = 1, listing = 1 }
-- No limit looks back further than a month.
local KEPT = 32 * 24 * 60 * 60 * 1000

local function agents_own(lead, agent) return lead.is.entity .. '|' .. agent .. '|' end

local function is_counted(lead)
  return lead.is.credited == nil and (COUNTED[lead.is.how] ~= nil or lead.is.counted ~= nil)
end

-- Where what the agent was given stands in TAKEN.
local function taking(lead) return agents_own(lead, lead.is.agent) .. lead.is.since .. '|' .. lead.id end

local function count_taken(lead)
  if not is_counted(lead) then return end
  local own = agents_own(lead, lead.is.agent)
  redis.call('ZREMRANGEBYLEX', TAKEN, '[' .. own, '(' .. own .. int(now - KEPT))
  redis.call('ZADD', TAKEN, 0, taking(lead))
end

-- Whether the agent may have one more: `caps` is `open:3;1795357647143:5`,
-- fewer than so many now, and since that ms. Reserved places count (D-22).
local function has_room(lead, agent, caps)
  if caps == '' then return true end
  local own = agents_own(lead, agent)
  local to = '(' .. string.sub(own, 1, -2) .. '}'
  local reserved = redis.call('ZLEXCOUNT', RESERVED, '[' .. own, to)
  -- The place that an offer of this very lead holds ends with that offer.
  if reserved > 0 and redis.call('ZSCORE', RESERVED, own .. lead.id) then reserved = reserved - 1 end
  for since, count in string.gmatch(caps, '(%w+):(%d+)') do
    local had
    if since == 'open' then
      had = redis.call('ZLEXCOUNT', OWNED, '[' .. own, to)
    else
      had = redis.call('ZLEXCOUNT', TAKEN, '[' .. own .. since, to)
    end
    if had + reserved >= tonumber(count) then return false end
  end
  return true
end
