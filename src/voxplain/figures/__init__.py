"""One module a figure, or a few alike; each function returns a `matplotlib.figure.Figure`.

Figures are built without pyplot's state and are the same bytes for the same input. `style.save`
writes them. There is no list of all: a job that draws one of them depends on that one.
"""
