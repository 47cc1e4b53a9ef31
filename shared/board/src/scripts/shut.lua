--[[
  Stands behind the prelude of every script that decides something: nothing is
  decided where the board may lack what the log has, nor by a clock that has jumped
  (see `sweep.lua`). Says shut, and writes nothing.
]]
if stamps[1] ~= SERVER or stamps[3] then return { 'shut', '', ARGV[1], '0', '', {} } end

