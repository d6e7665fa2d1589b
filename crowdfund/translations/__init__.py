"""The words of the interface in each language: `<lang>/parts/*.po`, one part for each area; msgids are English."""
