def is_prime(n):
    """Check if a number is prime."""
    if n <= 1:
        return False
    if n <= 3:
        return True
    if n % 2 == 0 or n % 3 == 0:
        return False
    i = 5
    while i * i <= n:
        if n % i == 0 or n % (i + 2) == 0:
            return False
        i += 6
    return True

def print_first_20_primes_and_sum():
    """Print the first 20 prime numbers and their sum."""
    primes = []
    num = 2
    while len(primes) < 20:
        if is_prime(num):
            primes.append(num)
        num += 1
    print(f"The first 20 prime numbers are: {primes}")
    print(f"The sum of the first 20 prime numbers is: {sum(primes)}")

if __name__ == "__main__":
    print_first_20_primes_and_sum()
