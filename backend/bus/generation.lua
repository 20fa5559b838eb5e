-- What was set first since the last flush.  KEYS: generation.  ARGV: a candidate.
redis.call('SETNX', KEYS[1], ARGV[1])
return redis.call('GET', KEYS[1])
