;; Sorts n pseudo-random numbers by merging lists: a merge is built from its end, then turned round.
(use-modules (bench))

(define (random-list n x xs)
  (if (= n 0)
      xs
      (let ((x (modulo (* x 16807) 2147483647)))
        (random-list (- n 1) x (cons x xs)))))

(define (onto xs done)
  (if (null? xs) done (onto (cdr xs) (cons (car xs) done))))

(define (merge-onto as bs done)
  (cond ((null? as) (onto bs done))
        ((null? bs) (onto as done))
        ((<= (car as) (car bs)) (merge-onto (cdr as) bs (cons (car as) done)))
        (else (merge-onto as (cdr bs) (cons (car bs) done)))))

(define (drop n xs)
  (if (= n 0) xs (drop (- n 1) (cdr xs))))

(define (merge-sort n xs)
  (cond ((= n 0) '())
        ((= n 1) (list (car xs)))
        (else
         (let ((half (quotient n 2)))
           (onto (merge-onto (merge-sort half xs) (merge-sort (- n half) (drop half xs)) '()) '())))))

(define (checksum xs sum)
  (if (null? xs) sum (checksum (cdr xs) (modulo (+ (* sum 31) (car xs)) 1000003))))

(bench (lambda (n) (checksum (merge-sort n (random-list n 1 '())) 0)))
