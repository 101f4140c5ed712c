"""The room's pages: each view asks the queries, builds the page's values and renders its template."""
