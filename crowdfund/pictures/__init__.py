"""Pictures that museums upload: checked, cleaned, drawn anew in the sizes that pages need."""
