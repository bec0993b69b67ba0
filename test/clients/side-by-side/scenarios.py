def scenarios(run):
    return {}
