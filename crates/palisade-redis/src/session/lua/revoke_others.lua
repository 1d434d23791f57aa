-- ARGV: user, the id to keep, when, why.
only_on_a_primary()
whole_or_nothing()
local user, keep, at, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local everyone, own, wrong_generation = generation_of(user)
if wrong_generation then
  return wrong_generation
end
local live, _, wrong = live_sessions(user, everyone, own, '', math.huge)
if wrong then
  return wrong
end
local kept = false
for _, record in ipairs(live) do
  kept = kept or record.id == keep
end
if not kept then
  return { 'none' }
end
return { 'count', finish_all(live, keep, at, reason) }
