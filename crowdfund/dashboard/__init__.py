"""The staff's overview: reads that cross all features of one museum."""
