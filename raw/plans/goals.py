def read(tree, plan):
    pass
