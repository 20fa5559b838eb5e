"""HTTP in: signing on, tickets, the widget's pages, health. Sockets are in `realtime`."""
