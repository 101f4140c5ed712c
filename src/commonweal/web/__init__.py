"""What every page shares: templates, components, forms, pictures on a page, live streams."""
