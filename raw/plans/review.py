def write_review(plan, programme, path):
    return path
