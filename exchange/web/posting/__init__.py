"""What the posting page is made of: words, samples, files, a request to try. The page is `public/posting.py`."""
