--[[
  Stands before whatever is read together with it: whether that can be trusted.
  A server that does not know this script with its own name has been started or
  promoted since, and may lack what the log has.

  KEYS[1] clock

  Says 1: it is open here | 0: it is not
]]
return redis.call('HGET', KEYS[1], 'open') == SERVER and 1 or 0
