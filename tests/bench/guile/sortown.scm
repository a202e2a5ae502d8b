;; Sorts n pseudo-random numbers by the library's sort.
(use-modules (bench))

(define (random-list n x xs)
  (if (= n 0)
      xs
      (let ((x (modulo (* x 16807) 2147483647)))
        (random-list (- n 1) x (cons x xs)))))

(define (checksum xs sum)
  (if (null? xs) sum (checksum (cdr xs) (modulo (+ (* sum 31) (car xs)) 1000003))))

(bench (lambda (n) (checksum (sort (random-list n 1 '()) <) 0)))
