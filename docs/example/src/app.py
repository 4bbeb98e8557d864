import cart


def main():
    print(cart.total([1, 2]))
