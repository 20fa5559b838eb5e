"""The switch over HTTP and WebSocket: the ARI resources, the control API and the page."""
