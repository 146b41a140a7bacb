"""The API for programs of sellers, buyers and operators. `routes.py` has the table everything is made from."""
