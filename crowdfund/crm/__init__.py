"""What a museum keeps of its donors beside their gifts, and the views of its tables that it keeps."""
