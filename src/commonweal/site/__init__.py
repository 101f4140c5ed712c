"""The assembled site: settings, addresses, middleware and the server application."""
