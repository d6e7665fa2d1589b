"""A stand-in for the payment provider and for the mail server, for the demo and the tests.

It speaks Stripe's wire protocol on loopback to the unmodified SDK, hosts its own payment pages, sends signed
events, and can be told to misbehave. No money moves. How to use it: docs/simulator.md.
"""
