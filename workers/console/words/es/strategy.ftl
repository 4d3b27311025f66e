# strategy
