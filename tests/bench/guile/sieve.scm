;; The sum of the primes up to n: of a list, those are crossed out that a prime divides.
(use-modules (bench))

(define (sieve limit xs)
  (if (or (null? xs) (> (* (car xs) (car xs)) limit))
      xs
      (let ((p (car xs)))
        (cons p (sieve limit (filter (lambda (x) (not (= 0 (modulo x p)))) (cdr xs)))))))

(define (up-to from to xs)
  (if (< to from) xs (up-to from (- to 1) (cons to xs))))

(bench (lambda (n) (apply + (sieve n (up-to 2 n '())))))
