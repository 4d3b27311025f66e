// Keys, the event stream, the heartbeat of a lease. Every page works without it.
