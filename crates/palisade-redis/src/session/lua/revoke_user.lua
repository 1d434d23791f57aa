-- ARGV: user, when, why.
only_on_a_primary()
whole_or_nothing()
local user, at, reason = ARGV[1], ARGV[2], ARGV[3]
local everyone, own, wrong_generation = generation_of(user)
if wrong_generation then
  return wrong_generation
end
-- One that cannot be right dies with its generation, and so do those beyond the most that are marked.
local count = count_entries(user, everyone, own, '')
local live, looked_at = live_sessions(user, everyone, own, '', MARKED)
next_generation(user, own)
return { 'count', count - looked_at + finish_all(live, nil, at, reason) }
