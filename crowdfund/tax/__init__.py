"""What a country says of a gift on a date: pure rules, dated parameters, amounts in words."""
