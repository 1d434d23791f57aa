-- ARGV: none.
only_on_a_primary()
redis.call('EXISTS', records, order, generations)
return { 'done' }
