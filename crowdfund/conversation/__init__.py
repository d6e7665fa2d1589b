"""What a museum and the people around it say to one another: news, questions, those who follow."""
