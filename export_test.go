package groupcommit

// PoolConfig shows the tests what connections a Config asks for.
var PoolConfig = (*Config).pool
