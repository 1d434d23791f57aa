-- ARGV: the id of the old session; id, user, created, seen, ended or '' and the rest of the text of the new
-- one; its generation; when and why the old one ends; why the others end, or ''.
only_on_a_primary()
whole_or_nothing()
local new, rest, generation = handed_over(2), ARGV[7], ARGV[8]
local at, replaced, others = ARGV[9], ARGV[10], ARGV[11]

local old, wrong = read(ARGV[1])
if wrong then
  return wrong
end
local everyone, own, wrong_generation = generation_of(new.user)
if wrong_generation then
  return wrong_generation
end
local next_own = own
if others ~= '' then
  next_own = sum(own, '1')
end
local is_next = sum(everyone, next_own) == generation
if not old or old.user ~= new.user or not is_live(old, everyone, own) or not is_next then
  return { 'gone' }
end
if not is_in_order(old) then
  return corrupt(old.id, old.text)
end
if redis.call('HEXISTS', records, new.id) == 1 then
  return { 'duplicate' }
end
local live
if others ~= '' then
  -- One that cannot be right dies with its generation, and so do those beyond the most that are marked.
  live = live_sessions(new.user, everyone, own, '', MARKED)
end
finish(old, at, replaced)
if live then
  finish_all(live, old.id, at, others)
  next_generation(new.user, own)
end
keep_new(new, everyone, next_own, rest)
return { 'done' }
