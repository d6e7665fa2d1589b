"""The work to be acquired, the appeal for it, and what is offered in return."""
