"""Thanks beyond the mail: who is called, who gets a letter, and in which words. Stands beside the receipts."""
