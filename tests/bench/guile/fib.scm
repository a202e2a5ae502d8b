;; Fibonacci numbers by their definition.
(use-modules (bench))

(define (fib n)
  (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))

(bench fib)
