-- Where one stream is, without what is in it.  KEYS: state.  ARGV: an epoch if it has none.
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1])
redis.call('HSETNX', KEYS[1], 'seq', 0)
return redis.call('HMGET', KEYS[1], 'epoch', 'seq')
